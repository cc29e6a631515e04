"""Cases: the plan, its grading of events, and the response from report to review."""
