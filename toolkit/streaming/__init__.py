"""Streams: of topics and files into tables, each event exactly once; what a stream did, where it stands, what it left aside."""
