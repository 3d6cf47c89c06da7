package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The emitted tiles of products, each made when it is first needed.
final class Tiles {
  private static final int MOST_ROWS = 32;

  /// For CPUs without mask registers: a vector of ones, then one of zeros, so that a vector read
  /// from its middle is a mask.
  private final long masks;

  private final int vectorBytes;
  private final int lanes;
  private final Forms plain;
  private final ConcurrentHashMap<Activation, Forms> activated = new ConcurrentHashMap<>();

  /// The tiles of one activation.
  private final class Forms {
    final @Nullable Activation activation;
    private final MemorySegment[] code = new MemorySegment[16 * MOST_ROWS];

    Forms(@Nullable Activation activation) {
      this.activation = activation;
    }

    MemorySegment tile(int vectors, int rows, boolean packed, boolean cut, boolean residual) {
      int form = ((vectors - 1) << 3) | (packed ? 4 : 0) | (cut ? 2 : 0) | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null ? make(form, vectors, rows, packed, cut, residual) : tile;
    }

    private synchronized MemorySegment make(
        int form, int vectors, int rows, boolean packed, boolean cut, boolean residual) {
      MemorySegment made = code[form * MOST_ROWS + rows];
      if (made == null) {
        TileCode tile = new TileCode(vectorBytes, vectors, rows, packed, cut, residual, activation);
        made = Code.load("tile" + rows + "x" + vectors, tile.emit());
        code[form * MOST_ROWS + rows] = made;
      }
      return made;
    }
  }

  Tiles(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    plain = new Forms(null);
    MemorySegment vectors = Arena.global().allocate(2L * vectorBytes, 64);
    vectors.asSlice(0, vectorBytes).fill((byte) -1);
    masks = vectors.address();
  }

  private Forms forms(@Nullable Activation activation) {
    if (activation == null) {
      return plain;
    }
    Forms forms = activated.get(activation);
    return forms == null ? activated.computeIfAbsent(activation, Forms::new) : forms;
  }

  /// {@return the mask of the first lanes, in the form that tiles take}
  private long mask(int present) {
    return vectorBytes == 64 ? (1L << present) - 1 : masks + 4L * (lanes - present);
  }

  void multiply(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    Forms forms = forms(activation);
    long panel = b;
    int column = 0;
    boolean added = residual != 0;
    while (column < columns) {
      int vectors = columns - column >= 2 * lanes ? 2 : 1;
      int present = Math.min(vectors * lanes, columns - column);
      boolean cut = present < lanes;
      int most = TileCode.most(vectorBytes, vectors);
      int tiles = (rows + most - 1) / most;
      int height = rows / tiles;
      int taller = rows - height * tiles;
      long offset = 4L * column;
      long from = init == Zeros.ADDRESS ? init : init + offset;
      for (int part = 0, row = 0; part < 2; part++) {
        int count = part == 0 ? taller : tiles - taller;
        int tall = part == 0 ? height + 1 : height;
        if (count > 0) {
          Code.call(
              forms.tile(vectors, tall, true, cut, added),
              count,
              a + row * aStep,
              aStep,
              taps,
              runs,
              k,
              panel,
              (long) vectors * vectorBytes,
              from + row * initStep,
              initStep,
              c + offset + row * cStep,
              cStep,
              residual + offset + row * residualStep,
              residualStep,
              mask(present),
              0);
          row += count * tall;
        }
      }
      column += vectors * lanes;
      panel += (long) vectors * vectorBytes * runs * k;
    }
  }
}
