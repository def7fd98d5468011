"""Bookable appointment slots: slot arithmetic, bookings, notices, exports and statistics."""
