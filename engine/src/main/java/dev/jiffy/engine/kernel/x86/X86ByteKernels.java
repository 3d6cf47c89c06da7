package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;

/// Convolutions of bytes as machine code, each by what suits it.
final class X86ByteKernels implements ByteKernels {
  private final X86ByteDepthwise depthwise;
  private final X86ByteConvolution others;

  X86ByteKernels(Cpu cpu) {
    depthwise = new X86ByteDepthwise(cpu);
    others = new X86ByteConvolution(cpu);
  }

  private ByteKernels of(ByteConvolution convolution) {
    return depthwise.suits(convolution) ? depthwise : others;
  }

  @Override
  public boolean suits(ByteConvolution convolution) {
    return of(convolution).suits(convolution);
  }

  @Override
  public long packedBytes(ByteConvolution convolution) {
    return of(convolution).packedBytes(convolution);
  }

  @Override
  public void pack(
      ByteConvolution convolution, Filters filters, long scales, long bias, long packed) {
    of(convolution).pack(convolution, filters, scales, bias, packed);
  }

  @Override
  public long scratchBytes(ByteConvolution convolution) {
    return of(convolution).scratchBytes(convolution);
  }

  @Override
  public void convolve(
      ByteConvolution convolution,
      long x,
      long quantization,
      long packed,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    of(convolution).convolve(convolution, x, quantization, packed, y, rowFrom, rowTo, scratch);
  }
}
