"""What a person or a test can set: how a value is declared and checked, the options of the simulator, and times as text.

It is the lowest drawer: records, faults and the control API all declare their fields in the same way.
"""
