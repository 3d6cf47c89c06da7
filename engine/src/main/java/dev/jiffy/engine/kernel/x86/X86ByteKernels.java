package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import org.jspecify.annotations.Nullable;

/// Convolutions of bytes as machine code, each by what suits it.
final class X86ByteKernels implements ByteKernels {
  private final X86ByteDepthwise depthwise;
  private final X86ByteConvolution others;

  X86ByteKernels(Cpu cpu) {
    depthwise = new X86ByteDepthwise(cpu);
    others = new X86ByteConvolution(cpu);
  }

  @Override
  public @Nullable Prepared prepare(ByteConvolution convolution) {
    Prepared prepared = depthwise.prepare(convolution);
    return prepared == null ? others.prepare(convolution) : prepared;
  }
}
