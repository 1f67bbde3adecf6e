"""The HTTP rules that are equal everywhere, as functions on plain data.

No framework's type goes in or comes out. `front` stands before and behind every framework.
"""
