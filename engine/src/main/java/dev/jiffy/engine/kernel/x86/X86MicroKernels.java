package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// Loops in registers as machine code, made when they are first needed.
public final class X86MicroKernels extends Blocks implements MicroKernels {
  /// From how many columns on rows are read along, not across: each is in pages of its own.
  private static final int LONG_ROW = 512;

  private final Cpu cpu;
  private final Tiles tiles;
  private final Tiles doubleTiles;

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86MicroKernels() {
    this(Cpu.detect());
  }

  X86MicroKernels(Cpu cpu) {
    super(cpu);
    this.cpu = cpu;
    this.tiles = new Tiles(cpu, Factors.F32);
    this.doubleTiles = new Tiles(cpu, Factors.F64);
  }

  @Override
  public SegmentAllocator memory(Arena arena) {
    return new Pages(arena);
  }

  @Override
  public int tileRows() {
    return TileCode.most(cpu.vectorBytes(), 2);
  }

  @Override
  public void multiply(
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
    boolean fused = FunctionCode.suits(activation);
    Activation within = fused ? activation : null;
    tiles.multiply(
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        columns,
        init,
        initStep,
        residual,
        residualStep,
        within,
        c,
        cStep);
    if (activation != null && !fused) {
      activation.apply(c, cStep, rows, columns);
    }
  }

  @Override
  public void multiplyLines(
      int lines,
      long lineStep,
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
    if (tiles.takesLines(rows, columns) && FunctionCode.suits(activation)) {
      tiles.multiplyLines(
          lines,
          lineStep,
          rows,
          a,
          aStep,
          taps,
          runs,
          k,
          b,
          columns,
          init,
          initStep,
          residual,
          residualStep,
          activation,
          c,
          cStep);
      return;
    }
    MicroKernels.super.multiplyLines(
        lines,
        lineStep,
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        columns,
        init,
        initStep,
        residual,
        residualStep,
        activation,
        c,
        cStep);
  }

  @Override
  public void multiplyGroups(
      int groups,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long next,
      int columns,
      long init,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    if (tiles.takesGroups(runs, k, columns, bStep) && FunctionCode.suits(activation)) {
      tiles.multiplyGroups(
          groups,
          rows,
          a,
          aStep,
          taps,
          runs,
          k,
          b,
          bStep,
          next,
          columns,
          init,
          residual,
          residualStep,
          activation,
          c,
          cStep);
      return;
    }
    MicroKernels.super.multiplyGroups(
        groups,
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        bStep,
        next,
        columns,
        init,
        residual,
        residualStep,
        activation,
        c,
        cStep);
  }

  @Override
  public void multiplyStrided(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      long bStep,
      int columns,
      long factors,
      long c,
      long cStep) {
    tiles.multiplyStrided(rows, a, aStep, k, b, bStep, columns, factors, c, cStep);
  }

  @Override
  public void multiplyRow(long a, int k, long b, long bStep, int columns, long c) {
    if (columns < LONG_ROW) {
      MicroKernels.super.multiplyRow(a, k, b, bStep, columns, c);
    } else {
      super.multiplyRow(a, k, b, bStep, columns, c);
    }
  }

  @Override
  public void multiplyDoubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      int columns,
      long init,
      long residual,
      long residualStep,
      long c,
      long cStep) {
    doubleTiles.multiply(
        rows,
        a,
        aStep,
        Zeros.ADDRESS,
        1,
        k,
        b,
        2 * columns,
        init,
        0,
        residual,
        residualStep,
        null,
        c,
        cStep);
  }
}
