"""Five kills: does each event of a stream count once?"""
