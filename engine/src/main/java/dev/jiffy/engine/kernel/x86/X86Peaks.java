package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Peaks;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// Bare loops of machine code: arithmetic that never leaves the registers, and loads that nothing
/// waits for.
public final class X86Peaks implements Peaks {
  /// Sums that do not depend on each other, more than are under way at a time.
  private static final int SUMS = 12;

  private static final int TILE_SUMS = 4;
  private static final int TILE = 16;
  private static final int LOADS = 8;

  private final Cpu cpu;
  private final Map<Format, MemorySegment> loops = new EnumMap<>(Format.class);
  private final MemorySegment read;

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86Peaks() {
    this(Cpu.detect());
  }

  X86Peaks(Cpu cpu) {
    this.cpu = cpu;
    for (Format format : Format.values()) {
      if (computes(format)) {
        byte[] code = inTiles(format) ? tiles(format) : vectors(format);
        loops.put(format, Code.load("peak-" + format, code));
      }
    }
    read = Code.load("peak-read", read());
  }

  @Override
  public boolean computes(Format format) {
    return switch (format) {
      case F32 -> true;
      case BF16 -> cpu.bf16();
      case INT8 -> true;
    };
  }

  /// Whether bytes are multiplied as words.
  private boolean inWords(Format format) {
    return format == Format.INT8 && !cpu.vnni();
  }

  private boolean inTiles(Format format) {
    return format != Format.F32 && cpu.matrices();
  }

  @Override
  public double compute(Format format, long rounds) {
    long shapes = inTiles(format) ? MatrixCode.shapes(MatrixCode.MOST_ROWS) : 0;
    long _ = Code.call(Objects.requireNonNull(loops.get(format)), rounds, shapes, 0, 0, 0, 0);
    double multiplyAdds =
        inTiles(format)
            ? (double) TILE_SUMS * TILE * TILE * TILE * format.group()
            : (double) SUMS * cpu.vectorBytes() / 4 * (inWords(format) ? 2 : format.group());
    return 2 * multiplyAdds * rounds;
  }

  @Override
  public void read(long from, long bytes) {
    long _ = Code.call(read, from, bytes / ((long) LOADS * cpu.vectorBytes()), 0, 0, 0, 0);
  }

  private byte[] vectors(Format format) {
    VectorOp multiply =
        switch (format) {
          case F32 -> VectorOp.FMADD231PS;
          case BF16 -> VectorOp.DPBF16PS;
          case INT8 -> cpu.byteProduct();
        };
    Assembler code = new Assembler();
    Operand.Vector factor = new Operand.Vector(SUMS, cpu.vectorBytes());
    for (int i = 0; i <= SUMS; i++) {
      Operand.Vector sum = new Operand.Vector(i, cpu.vectorBytes());
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    Label round = code.here();
    for (int i = 0; i < SUMS; i++) {
      Operand.Vector sum = new Operand.Vector(i, cpu.vectorBytes());
      if (inWords(format)) {
        Operand.Vector product = new Operand.Vector(SUMS + 1 + i % 3, cpu.vectorBytes());
        code.op(multiply, product, factor, factor);
        code.op(VectorOp.PADDD, sum, sum, product);
      } else {
        code.op(multiply, sum, factor, factor);
      }
    }
    return repeated(code, round, Register.RDI);
  }

  private static byte[] tiles(Format format) {
    Assembler code = new Assembler();
    code.loadTileShapes(at(Register.RSI));
    for (int i = 0; i < 2 * TILE_SUMS; i++) {
      code.zeroTile(i);
    }
    Label round = code.here();
    for (int i = 0; i < TILE_SUMS; i++) {
      int a = TILE_SUMS + i / 2;
      int b = TILE_SUMS + 2 + i % 2;
      if (format == Format.BF16) {
        code.multiplyBf16(i, a, b);
      } else {
        code.multiplyBytes(i, a, b);
      }
    }
    code.alu(GeneralAssembler.Alu.SUB, Register.RDI, 1);
    code.jump(GeneralAssembler.Condition.NOT_EQUAL, round);
    code.releaseTiles();
    code.ret();
    return code.finish();
  }

  private byte[] read() {
    Assembler code = new Assembler();
    Label round = code.here();
    for (int i = 0; i < LOADS; i++) {
      Operand.Vector to = new Operand.Vector(i, cpu.vectorBytes());
      code.op(VectorOp.MOVUPS, to, at(Register.RDI, i * cpu.vectorBytes()));
    }
    code.alu(GeneralAssembler.Alu.ADD, Register.RDI, LOADS * cpu.vectorBytes());
    return repeated(code, round, Register.RSI);
  }

  private static byte[] repeated(Assembler code, Label round, Register rounds) {
    code.repeat(round, rounds);
    return code.end();
  }
}
