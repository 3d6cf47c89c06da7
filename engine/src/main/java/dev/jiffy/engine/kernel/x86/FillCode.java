package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the storing of one element many times.
///
/// The arguments: the bits of the element, target, bytes, the mask of the end.
///
/// @param vectorBytes the width of vectors
record FillCode(int vectorBytes) {
  private static final Register VALUE = Register.RDI;
  private static final Register TO = Register.RSI;
  private static final Register BYTES = Register.RDX;
  private static final int UNROLL = 4;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    Vector value = new Vector(0, vectorBytes);
    loop.present(Register.RCX);
    loop.repeat(value, VALUE);
    loop.each(BYTES, Register.RAX, UNROLL, vector -> loop.store(value, TO, vector));
    return code.end();
  }
}
