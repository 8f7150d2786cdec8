"""The properties of the design, each with the way it is checked.

A check draws a case, makes a script of it, and judges what the code under test answered. Checks claimed by any tree
hold for every P2M; the others wait for the definitions of the scheme, and are ABSENT before.
"""
