package dev.jiffy.engine.lower;

/// Where a value lies: some bytes behind the begin of a slot.
///
/// @param slot the index of the slot in the plan
/// @param offset bytes behind the slot's begin
record Place(int slot, long offset) {
  /// The place of an absent operand, whose address is 0.
  static final Place ABSENT = new Place(0, 0);

  /// {@return the place some bytes further}
  Place plus(long bytes) {
    return bytes == 0 ? this : new Place(slot, offset + bytes);
  }
}
