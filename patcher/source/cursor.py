"""Kinds of libclang's cursors, as far as we look at them (``enum CXCursorKind`` of clang-c/Index.h)."""

from __future__ import annotations

from enum import IntEnum


class Cursor(IntEnum):
    """A kind of cursor. The numbers are libclang's, and the same in all versions that we allow."""

    STRUCT = 2
    UNION = 3
    ENUM = 5
    ENUMERATOR = 7
    FUNCTION = 8
    VARIABLE = 9
    PARAMETER = 10
    TYPEDEF = 20
    UNEXPOSED = 100
    REFERENCE = 101
    MEMBER = 102
    CALL = 103
    PAREN = 111
    UNARY = 112
    BINARY = 114
    COMPOUND_ASSIGN = 115
    CONDITIONAL = 116
    CAST = 117
    COMPOUND_LITERAL = 118
    INIT_LIST = 119
    BLOCK = 202
    CASE = 203
    DEFAULT = 204
    IF = 205
    SWITCH = 206
    WHILE = 207
    DO = 208
    FOR = 209
    RETURN = 214
    DECLARATION = 231
    MACRO_DEFINITION = 501
    MACRO_EXPANSION = 502
    INCLUSION = 503
