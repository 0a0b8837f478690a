"""What the labels so far prove: metrics with intervals, learning curves, when to stop, who labels well.

Pure functions over arrays. A figure that the labels cannot carry is no figure: ``value`` is None, and the interval is
the whole range of the metric.
"""
