"""Engines: a map over items, here or in processes, and the merge of shards into one choice."""
