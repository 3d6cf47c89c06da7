package dev.jiffy.engine.kernel;

/// The numbers that a product multiplies. Whatever they are, operands and result are f32, and sums
/// are f32, or i32 where bytes are multiplied.
public enum Format {
  /// f32 as they are.
  F32(1),
  /// Both sides rounded to bf16.
  BF16(2),
  /// The left-hand side quantized to unsigned bytes, each row by a scale and a zero point of its
  /// own, chosen from its values at run time; the right-hand side to signed bytes, each column by a
  /// scale.
  INT8(4);

  private final int group;

  Format(int group) {
    this.group = group;
  }

  /// {@return how many numbers 32 bits hold}
  public int group() {
    return group;
  }
}
