"""What crosses a service's wall: shared words (enums), bus messages and permissions. No I/O."""
