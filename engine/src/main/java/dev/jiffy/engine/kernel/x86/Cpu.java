package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What instructions this CPU and the operating system offer.
///
/// @param vectorBytes the width of vectors: 64 with AVX-512 (F, BW, DQ, VL), 32 with AVX2 and FMA
/// @param vnni whether there is `vpdpbusd` at that width
/// @param bf16 whether there is `vdpbf16ps`
/// @param bytes whether there is `vpermi2b` at 64 bytes
/// @param matrices whether there is a matrix unit (AMX) for bytes and bf16, and the process may use
///   it
record Cpu(int vectorBytes, boolean vnni, boolean bf16, boolean bytes, boolean matrices) {
  private static @Nullable Cpu detected;

  private static final long MATRIX_STATE = 0x60000;

  /// What the process found out when it first asked, or less where the system property `jiffy.x86`
  /// says so: `avx2`, `avxvnni` (no AVX-512), `avx512` (no narrow numbers), `vnni` (no matrix
  /// unit), or `off`.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  static synchronized Cpu detect() {
    Cpu known = detected;
    if (known == null) {
      known = find();
      detected = known;
    }
    return known;
  }

  private static Cpu find() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      throw new UnsupportedOperationException("the CPU is not an x86-64");
    }
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new UnsupportedOperationException("the operating system is not Linux");
    }
    String limit = System.getProperty("jiffy.x86", "").toLowerCase(Locale.ROOT);
    return switch (limit) {
      case "" -> ask(true);
      case "vnni" -> ask(true).withoutMatrices();
      case "avx512" -> ask(true).withoutNarrow();
      case "avxvnni" -> ask(false);
      case "avx2" -> ask(false).withoutNarrow();
      case "off" -> throw new UnsupportedOperationException("it is switched off by jiffy.x86=off");
      default ->
          throw new IllegalArgumentException(
              "jiffy.x86: expected avx2, avxvnni, avx512, vnni or off, got " + limit);
    };
  }

  /// {@return the same without matrix unit}
  Cpu withoutMatrices() {
    return new Cpu(vectorBytes, vnni, bf16, bytes, false);
  }

  /// {@return the same without products of narrow numbers}
  Cpu withoutNarrow() {
    return new Cpu(vectorBytes, false, false, false, false);
  }

  /// {@return the instruction that multiplies bytes, or words where there is none}
  VectorOp byteProduct() {
    return !vnni ? VectorOp.PMADDWD : vectorBytes == 64 ? VectorOp.PDPBUSD : VectorOp.PDPBUSD_VEX;
  }

  /// Asks the CPU.
  ///
  /// @param wide whether AVX-512 is to be used where there is some
  static Cpu ask(boolean wide) {
    MemorySegment cpuid = Code.load("cpuid", cpuid());
    MemorySegment xgetbv = Code.load("xgetbv", xgetbv());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registers = arena.allocate(16, 16);
      int most = leaf(cpuid, registers, 0, 0, 0);
      int basic = leaf(cpuid, registers, 1, 0, 2);
      boolean saves = bit(basic, 27);
      long state = saves ? Code.call(xgetbv, 0, 0, 0, 0, 0, 0) : 0;
      boolean avx2 =
          most >= 7
              && (state & 0x6) == 0x6
              && bit(basic, 12)
              && bit(basic, 29)
              && bit(leaf(cpuid, registers, 7, 0, 1), 5);
      if (!avx2) {
        throw new UnsupportedOperationException("the CPU lacks AVX2, FMA or F16C");
      }
      int extended = leaf(cpuid, registers, 7, 0, 1);
      boolean avx512 =
          wide
              && (state & 0xe6) == 0xe6
              && bit(extended, 16)
              && bit(extended, 17)
              && bit(extended, 30)
              && bit(extended, 31);
      int more = leaf(cpuid, registers, 7, 0, 0) >= 1 ? leaf(cpuid, registers, 7, 1, 0) : 0;
      boolean vnni = avx512 ? bit(leaf(cpuid, registers, 7, 0, 2), 11) : bit(more, 4);
      boolean bf16 = avx512 && bit(more, 5);
      boolean bytes = avx512 && bit(leaf(cpuid, registers, 7, 0, 2), 1);
      int units = leaf(cpuid, registers, 7, 0, 3);
      boolean matrices =
          vnni
              && bf16
              && (state & MATRIX_STATE) == MATRIX_STATE
              && bit(units, 22)
              && bit(units, 24)
              && bit(units, 25)
              && MatrixCode.isPermitted();
      return new Cpu(avx512 ? 64 : 32, vnni, bf16, bytes, matrices);
    }
  }

  private static boolean bit(int value, int number) {
    return ((value >>> number) & 1) != 0;
  }

  /// {@return one of the registers `EAX`, `EBX`, `ECX`, `EDX` after `CPUID`}
  private static int leaf(
      MemorySegment cpuid, MemorySegment registers, int leaf, int part, int register) {
    long _ = Code.call(cpuid, leaf, part, registers.address(), 0, 0, 0);
    return registers.getAtIndex(ValueLayout.JAVA_INT, register);
  }

  private static byte[] cpuid() {
    Assembler code = new Assembler();
    code.push(RBX);
    code.mov(RAX, RDI);
    code.mov(RCX, RSI);
    code.mov(R8, RDX);
    code.cpuid();
    code.storeInt(RAX, at(R8, 0));
    code.storeInt(RBX, at(R8, 4));
    code.storeInt(RCX, at(R8, 8));
    code.storeInt(RDX, at(R8, 12));
    code.pop(RBX);
    code.ret();
    return code.finish();
  }

  private static byte[] xgetbv() {
    Assembler code = new Assembler();
    code.mov(RCX, RDI);
    code.xgetbv();
    code.shift(GeneralAssembler.Shift.LEFT, RDX, 32);
    code.alu(GeneralAssembler.Alu.OR, RAX, RDX);
    code.ret();
    return code.finish();
  }
}
