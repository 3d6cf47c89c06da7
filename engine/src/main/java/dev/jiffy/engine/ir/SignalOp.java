package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;

/// An operator on signals; complex numbers are pairs along the last dimension.
public sealed interface SignalOp extends Op.Special {
  /// The discrete Fourier transform along one dimension: `(x, length?, axis?)`; `x` is real or
  /// complex, cut or filled up with zeros to the length. The axis is -2 where it is absent.
  ///
  /// @param inverse whether the inverse is wanted
  /// @param oneSided whether only the frequencies up to half of the length are wanted
  record Fourier(boolean inverse, boolean oneSided) implements SignalOp {}

  /// The Fourier transform of frames of a signal: `(x, step, window?, length?)`; `x` is `[batch,
  /// samples]` or `[batch, samples, 1 or 2]`.
  ///
  /// @param oneSided whether only the frequencies up to half of the length are wanted
  record ShortTimeFourier(boolean oneSided) implements SignalOp {}

  /// The matrix that turns a spectrum into one of frequencies as they are heard: `(bands, length,
  /// rate, lowest, highest)`.
  ///
  /// @param dtype the element type of the result
  record MelWeights(DType dtype) implements SignalOp {}
}
