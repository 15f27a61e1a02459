"""The papers' equations written as loops over words, frames and gates, in float64.

They read utterances straight from a dataset, one at a time, so batching is not in them. The
parts of a network are read by their names, whatever their classes are.
"""
