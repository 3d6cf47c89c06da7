package dev.jiffy.engine.kernel.x86;

/// What products multiply: an element of a run, which is repeated for all columns. Sums are f64 of
/// f64, f32 of f32 and bf16, i32 of bytes.
enum Factors {
  /// f64, each of which takes two columns of 32 bits.
  F64(VectorOp.ADDPD),
  /// f32.
  F32(VectorOp.ADDPS),
  /// Pairs of bf16.
  BF16(VectorOp.ADDPS),
  /// Groups of four bytes.
  BYTES(VectorOp.PADDD),
  /// Pairs of bytes widened to 16 bits, where there is no `vpdpbusd`.
  WORDS(VectorOp.PADDD);

  /// Adds sums.
  final VectorOp sum;

  Factors(VectorOp sum) {
    this.sum = sum;
  }

  /// {@return bytes as a CPU multiplies them}
  static Factors bytes(Cpu cpu) {
    return cpu.vnni() ? BYTES : WORDS;
  }

  /// {@return the bytes of an element of a run}
  int bytes() {
    return this == F64 ? 8 : 4;
  }
}
