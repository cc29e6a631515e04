"""Which posts repeat another: exactly, or nearly."""
