package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares convolutions of bytes with sums of integers, on memory between pages that must not be
/// touched.
@Tag("many-machines")
class X86ByteConvolutionTest {
  private static final int HEIGHT = 7;

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#ofBytes")
  void convolutionsAgreeWithSumsOfIntegers(Cpu cpu) {
    X86ByteConvolution kernels = new X86ByteConvolution(cpu);
    ByteConvolutions convolutions = new ByteConvolutions();
    int number = 0;
    for (int in : new int[] {1, 3, 4, 8, 17, 36}) {
      for (int out : new int[] {1, 16, 17, 31, 32, 49, 100}) {
        for (int kernel : new int[] {1, 2, 3}) {
          for (int width : new int[] {1, 2, 13, 30}) {
            number++;
            int stride = number % 5 == 0 ? 2 : 1;
            int pad = number % 3 == 0 ? kernel / 2 : 0;
            int dilation = number % 7 == 0 ? 2 : 1;
            int reach = (kernel - 1) * dilation + 1;
            if (width + 2 * pad < reach) {
              continue;
            }
            Activation activation =
                number % 4 == 0 ? new Activation(UnaryFunction.RELU, 0, 0) : null;
            ConvGeometry g =
                new ConvGeometry(
                    2,
                    HEIGHT,
                    width,
                    in,
                    (HEIGHT + 2 * pad - reach) / stride + 1,
                    (width + 2 * pad - reach) / stride + 1,
                    out,
                    kernel,
                    kernel,
                    stride,
                    stride,
                    dilation,
                    dilation,
                    pad,
                    pad,
                    1,
                    activation);
            ByteConvolution.Rounding rounding =
                number % 2 == 0
                    ? new ByteConvolution.Rounding(
                        activation == null
                            ? 1
                            : number % 8 == 4 ? ByteConvolutions.BEYOND_INTEGERS : 3.3f,
                        100)
                    : null;
            int zero =
                rounding == null && number % 3 == 0
                    ? ByteConvolution.DYNAMIC
                    : ByteConvolutions.ZERO;
            int shift = number % 3 == 1 ? 0 : number % 2 == 0 ? 8 : -17;
            ByteConvolution convolution = new ByteConvolution(g, zero, shift, rounding);
            ByteKernels.Prepared prepared = kernels.prepare(convolution);
            if (prepared != null) {
              convolutions.compare(prepared, convolution, number % 2 == 0);
            }
          }
        }
      }
    }
  }
}
