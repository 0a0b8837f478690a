"""Items: pools, and everything they are read from."""

from querist.data.builtin import builtin_names
from querist.data.dataset import Dataset, load, load_test
from querist.data.grow import extend
from querist.data.pool import Media, Pool

__all__ = ["Dataset", "Media", "Pool", "builtin_names", "extend", "load", "load_test"]
