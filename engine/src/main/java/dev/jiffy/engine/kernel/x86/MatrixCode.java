package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.system.CLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Generates products of narrow numbers for the matrix unit (AMX): raw sums of up to 32 rows by one
/// or two vectors of columns, one block of rows below the other.
///
/// The arguments, all numbers, in order: blocks, a, aStep, steps (of 64 bytes of a row of `A`), b,
/// the shapes of the tiles, and as the seventh the sums, whose rows are as long as the vectors.
///
/// Registers: tiles 0 to 3 are the sums, 4 and 5 rows of `A`, 6 and 7 columns of `B`.
///
/// @param format bf16 or bytes
/// @param vectors vectors of columns, 1 or 2
/// @param tall whether a block has more than 16 rows; where there are several blocks they have the
///   most
record MatrixCode(Format format, int vectors, boolean tall) {
  /// The most rows of a block.
  static final int MOST_ROWS = 32;

  private static final int TILE_ROWS = 16;
  private static final int LINE = 64;

  /// The requests to the system for the right to use the matrix unit: the call `arch_prctl`, its
  /// operation `ARCH_REQ_XCOMP_PERM`, and the state of the tile registers.
  private static final int ARCH_PRCTL = 158;

  private static final int REQUEST_PERMISSION = 0x1023;
  private static final int TILE_STATE = 18;
  private static final long SHAPES = allShapes();

  /// {@return whether the system lets this process use the matrix unit}
  static boolean isPermitted() {
    MemorySegment syscall = CLibrary.find("syscall");
    return Code.call(syscall, ARCH_PRCTL, REQUEST_PERMISSION, TILE_STATE, 0, 0, 0) == 0;
  }

  /// {@return the shapes of the tiles for blocks of so many rows, in the form that `LDTILECFG`
  /// reads}
  static long shapes(int rows) {
    return SHAPES + (long) LINE * rows;
  }

  private static long allShapes() {
    MemorySegment all = Arena.global().allocate((MOST_ROWS + 1L) * LINE, LINE);
    for (int rows = 1; rows <= MOST_ROWS; rows++) {
      long at = (long) LINE * rows;
      all.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      for (int tile = 0; tile < 8; tile++) {
        boolean lower = tile == 2 || tile == 3 || tile == 5;
        int upper = tile >= 6 ? TILE_ROWS : Math.min(rows, TILE_ROWS);
        int height = lower ? rows - TILE_ROWS : upper;
        if (height > 0) {
          all.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16 + 2L * tile, (short) LINE);
          all.set(ValueLayout.JAVA_BYTE, at + 48 + tile, (byte) height);
        }
      }
    }
    return all.address();
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    int line = LINE * vectors;
    code.push(RBX);
    code.load(R11, at(RSP, 16));
    code.mov(RBX, line);
    code.loadTileShapes(at(R9));
    Label block = code.here();
    for (int vector = 0; vector < vectors; vector++) {
      code.zeroTile(vector);
      if (tall) {
        code.zeroTile(2 + vector);
      }
    }
    code.mov(RAX, R8);
    code.mov(R10, RSI);
    if (tall) {
      lower(code, R9);
    }
    code.push(RCX);
    Label step = code.here();
    code.loadTile(4, at(R10, RDX, 1, 0));
    if (tall) {
      code.loadTile(5, at(R9, RDX, 1, 0));
    }
    for (int vector = 0; vector < vectors; vector++) {
      code.loadTile(6 + vector, at(RAX, RBX, 1, LINE * vector));
      multiply(code, vector, 4, 6 + vector);
      if (tall) {
        multiply(code, 2 + vector, 5, 6 + vector);
      } else {
        for (int i = 0; i < TILE_ROWS; i++) {
          code.prefetch(at(RAX, TILE_ROWS * line * 2 + i * line + LINE * vector), 1);
        }
      }
    }
    code.alu(ADD, RAX, TILE_ROWS * line);
    code.alu(ADD, R10, LINE);
    if (tall) {
      code.alu(ADD, R9, LINE);
    }
    code.repeat(step, RCX);
    code.pop(RCX);
    for (int vector = 0; vector < vectors; vector++) {
      code.storeTile(vector, at(R11, RBX, 1, LINE * vector));
      if (tall) {
        code.storeTile(2 + vector, at(R11, RBX, 1, TILE_ROWS * line + LINE * vector));
      }
    }
    code.alu(ADD, R11, MOST_ROWS * line);
    code.imul(RAX, RDX, MOST_ROWS);
    code.alu(ADD, RSI, RAX);
    code.repeat(block, RDI);
    code.releaseTiles();
    code.pop(RBX);
    code.ret();
    return code.finish();
  }

  /// The first of the lower rows of `A`.
  private static void lower(Assembler code, Register to) {
    code.imul(to, RDX, TILE_ROWS);
    code.alu(ADD, to, RSI);
  }

  private void multiply(Assembler code, int sums, int a, int b) {
    switch (format) {
      case BF16 -> code.multiplyBf16(sums, a, b);
      case INT8 -> code.multiplyBytes(sums, a, b);
      case F32 -> throw new IllegalStateException("the matrix unit has no f32");
    }
  }
}
