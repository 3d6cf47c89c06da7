package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares convolutions of bytes with one filter per channel with sums of integers, on memory
/// between pages that must not be touched.
@Tag("many-machines")
class X86ByteDepthwiseTest {
  private static final int[] CHANNELS = {
    16, 17, 24, 32, 33, 40, 63, 64, 65, 96, 100, 144, 160, 200
  };
  private static final int[][] IMAGES = {
    {1, 1}, {1, 9}, {7, 1}, {2, 3}, {5, 8}, {9, 21}, {4, 33}, {13, 6}
  };

  /// Height, width, strides and dilations.
  private static final int[][] WINDOWS = {
    {1, 1, 1, 1, 1, 1},
    {3, 3, 1, 1, 1, 1},
    {3, 3, 2, 2, 1, 1},
    {3, 3, 2, 1, 1, 1},
    {3, 3, 1, 1, 2, 2},
    {3, 3, 1, 1, 6, 12},
    {5, 5, 1, 1, 1, 1},
    {5, 5, 2, 2, 1, 1},
    {5, 3, 1, 2, 1, 2},
    {7, 7, 1, 1, 1, 1},
    {2, 2, 2, 2, 1, 1},
    {4, 4, 3, 3, 1, 1},
    {1, 5, 1, 1, 1, 3},
    {9, 1, 2, 2, 1, 1},
    {3, 3, 4, 40, 1, 1},
  };

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#ofBytes")
  void convolutionsAgreeWithSumsOfIntegers(Cpu cpu) {
    X86ByteDepthwise kernels = new X86ByteDepthwise(cpu);
    ByteConvolutions convolutions = new ByteConvolutions();
    int number = 0;
    int compared = 0;
    for (int[] window : WINDOWS) {
      for (int[] image : IMAGES) {
        for (int i = 0; i < 3; i++) {
          number++;
          int channels = CHANNELS[(number + number / CHANNELS.length) % CHANNELS.length];
          Activation activation = activation(image[0] + channels);
          ConvGeometry g =
              DepthwiseGeometry.of(1 + number % 2, image, channels, window, number % 4, activation);
          if (g.outHeight() > 0 && g.outWidth() > 0) {
            compared++;
            float factor =
                g.activation() == null
                    ? 1
                    : number % 5 == 0 ? ByteConvolutions.BEYOND_INTEGERS : 3.3f;
            ByteConvolution.Rounding rounding =
                number % 3 == 0 ? null : new ByteConvolution.Rounding(factor, 100);
            int zero =
                rounding == null && number % 2 == 0
                    ? ByteConvolution.DYNAMIC
                    : ByteConvolutions.ZERO;
            ByteConvolution convolution = new ByteConvolution(g, zero, 0, rounding);
            ByteKernels.Prepared prepared = kernels.prepare(convolution);
            assertNotNull(prepared, convolution::toString);
            convolutions.compare(prepared, convolution, number % 5 < 2);
          }
        }
      }
    }
    assertTrue(compared > 200);
  }

  private static @Nullable Activation activation(int number) {
    return switch (number % 4) {
      case 0 -> new Activation(UnaryFunction.RELU, 0, 0);
      case 1 -> new Activation(UnaryFunction.CLIP, -3, 6);
      case 2 -> new Activation(UnaryFunction.HARD_SWISH, 1f / 6, 0.5f);
      default -> null;
    };
  }
}
