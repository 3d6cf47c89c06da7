package dev.jiffy.engine.lower;

import org.jspecify.annotations.Nullable;

/// The memory that a plan's steps work on: an address for every slot, and working memory for every
/// part.
///
/// Belongs to one session; the steps of one run share it, each touching its own parts.
public final class Frame {
  private final long[] addresses;
  private final long scratch;
  private final long scratchStride;
  private final long[][] operands;
  private final double[][] numbers;
  private final boolean[][] flags;
  private final @Nullable Frame[] within;

  Frame(long[] addresses, long scratch, long scratchStride, int parts) {
    this.within = new @Nullable Frame[parts];
    this.operands = new long[parts][0];
    this.numbers = new double[parts][0];
    this.flags = new boolean[parts][0];
    this.addresses = addresses;
    this.scratch = scratch;
    this.scratchStride = scratchStride;
  }

  /// {@return the address of a place}
  long at(Place place) {
    return addresses[place.slot()] + place.offset();
  }

  /// {@return the working memory of a part, 64-byte aligned}
  long scratch(int part) {
    return scratch + part * scratchStride;
  }

  /// {@return the memory of a plan that a part runs by itself, within its working memory}
  ///
  /// @param plan the plan, the same for all parts
  /// @param part the part
  Frame within(Plan plan, int part) {
    Frame frame = within[part];
    if (frame == null) {
      frame = plan.frame(scratch(part));
      within[part] = frame;
    }
    return frame;
  }

  /// {@return an array that a part may fill with the addresses of its operands}
  ///
  /// @param part the part
  /// @param count how many at least
  long[] operands(int part, int count) {
    if (operands[part].length < count) {
      operands[part] = new long[count];
    }
    return operands[part];
  }

  /// {@return numbers that a part may work with}
  ///
  /// @param part the part
  /// @param count how many at least
  double[] numbers(int part, int count) {
    if (numbers[part].length < count) {
      numbers[part] = new double[count];
    }
    return numbers[part];
  }

  /// {@return flags that a part may work with}
  ///
  /// @param part the part
  /// @param count how many at least
  boolean[] flags(int part, int count) {
    if (flags[part].length < count) {
      flags[part] = new boolean[count];
    }
    return flags[part];
  }

  /// Lets a slot of the caller's (an input or an output) stand for an address.
  ///
  /// @param slot the slot
  /// @param address its absolute address
  public void point(int slot, long address) {
    addresses[slot] = address;
  }
}
