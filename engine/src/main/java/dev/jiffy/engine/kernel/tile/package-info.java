/// The loop nests that cut products, convolutions and attention into register tiles; shared by the
/// vector and x86 kernels.
///
/// What runs in registers is behind interfaces, [MicroKernels], [DepthwiseKernels] and
/// [WinogradKernels]; nothing here knows which instructions they use.
package dev.jiffy.engine.kernel.tile;
