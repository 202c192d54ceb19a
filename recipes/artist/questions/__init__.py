"""Questions whose evidence is known, drawn from a seed: long series, and a short form for a model of a million weights.

The modules ``long`` and ``short`` are the forms, the others the kinds of the long one. A form has ``KINDS``,
``HELD_OUT``, the kinds that only the test part has, ``BINS``, the least and the most that an overview may have, and

* ``draw(random, kind, settings)``: a ``Question``, whose right letter is drawn last and evenly;
* ``twins(question, settings)``: for every letter a series that looks the same from above and whose answer it is;
* ``measured(question)``: the answer of a solver that sees the series and the evidence, not the generator's notes;
* ``places(question)``: the segments that a teacher looks at, the evidence and what distracts from it;
* ``looking``, ``enough`` and ``reasoning``: what a teacher thinks in either role.
"""
