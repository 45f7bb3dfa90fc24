"""Reads a file once, front to back, and does nothing with it: the floor under every statistic.

    read_once.py FILE
"""

import sys

block = bytearray(1 << 20)
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.readinto(block):
        pass
