package dev.jiffy.engine.kernel.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The micro-kernels of products: they compute a few rows by one or two vectors of columns of `C =
/// init + A · B` with all sums in registers.
///
/// A row of `A` is read in runs: run `j` is the `k` elements at `a + row · aStep + taps[j]`, so
/// that a window of an image is a row as well as a row of a matrix is. `B` has a row of vectors for
/// each of the `runs · k` elements. All arguments of type `long` are addresses, and all steps
/// between rows are in bytes. The sums start from `init`, whose step may be 0.
///
/// The methods call the Vector API directly: of what they call, the second JIT compiler inlines
/// only what the JDK forces it to, for they exceed its limit of 8000 bytecodes. They must stay
/// within what the first compiler can do, too: a method whose profiled version that one gives up on
/// may never reach the second. About 65 calls are possible, fewer with masks, hence no masks here.
///
/// Taller tiles fit the registers of 512-bit CPUs, but the second compiler has 18000 nodes for a
/// method and what is inlined into it (`NodeCountInliningCutoff`), and of the calls that come too
/// late it makes real ones, in the middle of the loop. With 8 rows it did for some models in every
/// process, for others in some. Two tiles of 6 rows are as fast as one of 12, since the second
/// finds the panel in the cache.
final class Tiles {
  /// The most rows of a tile two vectors wide: what the second compiler can do, and what fits the
  /// registers of 256-bit CPUs.
  static final int WIDE_ROWS = 6;

  /// The most rows of a tile one vector wide.
  static final int NARROW_ROWS = 8;

  /// The bits that an address has. The JIT drops the bounds check of an access where it sees that
  /// the address is a sum of few numbers so limited, and a loop without checks needs no
  /// preparation, which counts where `k` is small.
  static final long ADDRESS = (1L << 48) - 1;

  /// Reads the i64 of a table of addresses or offsets, which must be aligned.
  ///
  /// The accessors of a segment end in two methods of the JDK that it does not force inline. The
  /// second compiler makes real calls of these, around which all sums go to memory and back, where
  /// it has no profile of them yet; a table is read too seldom for it to be sure of one. Opaque
  /// accesses are inline all the way.
  static final VarHandle TABLE = ValueLayout.JAVA_LONG.withOrder(LITTLE_ENDIAN).varHandle();

  /// The byte order, by a short name.
  static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  private Tiles() {}

  /// Computes `rows` rows of two vectors of columns.
  ///
  /// @param bHigh bytes from the first vector of a row of `B` to the second
  static void wide(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    switch (rows) {
      case 1 -> WideTiles.wide1(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      case 2 -> WideTiles.wide2(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      case 3 -> WideTiles.wide3(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      case 4 -> WideTiles.wide4(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      case 5 -> WideTiles.wide5(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      case 6 -> WideTiles.wide6(a, aStep, taps, runs, k, b, bHigh, bStep, init, initStep, c, cStep);
      default -> throw new IllegalStateException("rows of a tile: " + rows);
    }
  }

  /// Computes `rows` rows of one vector of columns.
  static void narrow(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    switch (rows) {
      case 1 -> NarrowTiles.narrow1(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 2 -> NarrowTiles.narrow2(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 3 -> NarrowTiles.narrow3(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 4 -> NarrowTiles.narrow4(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 5 -> NarrowTiles.narrow5(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 6 -> NarrowTiles.narrow6(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 7 -> NarrowTiles.narrow7(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      case 8 -> NarrowTiles.narrow8(a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep);
      default -> throw new IllegalStateException("rows of a tile: " + rows);
    }
  }
}
