"""Tables as files: what is read out of workbooks and text files, and what a cell of one that is written may hold."""
