"""The contact network (clause 七(一)): its units, how its people are reached and when they want to be left alone."""
