"""How values of this endpoint are made so that they make sense together, weighted towards what people get wrong.

A recipe takes a source of decisions and draws the parts from the schemas; it adds what no schema can say.
"""
