package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates copies of elements, and of one element many times.
///
/// The arguments: source or, to fill, the bits of the element; target, bytes, the mask of the end.
///
/// @param vectorBytes the width of vectors
/// @param copies whether elements are copied
record FillCode(int vectorBytes, boolean copies) {
  private static final Register FROM = Register.RDI;
  private static final Register TO = Register.RSI;
  private static final Register BYTES = Register.RDX;
  private static final int UNROLL = 4;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    Vector value = new Vector(0, vectorBytes);
    loop.present(Register.RCX);
    if (!copies) {
      loop.repeat(value, FROM);
    }
    loop.each(
        BYTES,
        Register.RAX,
        UNROLL,
        vector -> {
          if (copies) {
            loop.load(value, FROM, vector);
          }
          loop.store(value, TO, vector);
        });
    code.vzeroupper();
    code.ret();
    return code.finish();
  }
}
