package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;

/// The elements of an image-like tensor in the order batch, channel, three spatial dimensions.
///
/// @param values the elements
/// @param batch the number of images
/// @param channels the number of channels
/// @param spatial the spatial extents, led by 1 where the tensor has fewer than three
@SuppressWarnings("ArrayRecordComponent")
record Image(double[] values, int batch, int channels, int[] spatial) {
  /// {@return an image of zeros in the shape of a tensor}
  ///
  /// @param tensor the tensor
  /// @param channelsLast whether its channels are the last dimension
  static Image like(Tensor tensor, boolean channelsLast) {
    int[] dims = Elements.extents(tensor.shape());
    int rank = dims.length;
    int[] spatial =
        channelsLast ? Arrays.copyOfRange(dims, 1, rank - 1) : Arrays.copyOfRange(dims, 2, rank);
    int channels = channelsLast ? dims[rank - 1] : dims[1];
    double[] values = new double[Math.toIntExact(tensor.shape().elements())];
    return new Image(values, dims[0], channels, Sliding.lead(spatial, 1));
  }

  /// {@return a tensor's elements}
  ///
  /// @param tensor the tensor
  /// @param channelsLast whether its channels are the last dimension
  static Image of(Tensor tensor, boolean channelsLast) {
    Image image = like(tensor, channelsLast);
    double[] source = tensor.toDoubles();
    if (!channelsLast) {
      return new Image(source, image.batch, image.channels, image.spatial);
    }
    int size = image.size();
    for (int n = 0; n < image.batch; n++) {
      for (int c = 0; c < image.channels; c++) {
        int target = (n * image.channels + c) * size;
        for (int s = 0; s < size; s++) {
          image.values[target + s] = source[(n * size + s) * image.channels + c];
        }
      }
    }
    return image;
  }

  /// {@return the number of elements of one channel}
  int size() {
    return spatial[0] * spatial[1] * spatial[2];
  }

  /// Stores the elements of one channel.
  ///
  /// @param channelValues the elements
  /// @param n the image
  /// @param c the channel
  /// @param to a tensor of this image's shape
  /// @param channelsLast whether its channels are the last dimension
  void store(double[] channelValues, int n, int c, Tensor to, boolean channelsLast) {
    int size = size();
    for (int s = 0; s < size; s++) {
      to.setDouble(index(n * channels + c, s, channelsLast), channelValues[s]);
    }
  }

  /// {@return where an element lies in a tensor of this image's shape}
  ///
  /// @param plane the channel, counted over all images
  /// @param s the element of the channel
  /// @param channelsLast whether the tensor's channels are the last dimension
  long index(int plane, int s, boolean channelsLast) {
    long size = size();
    return channelsLast
        ? (plane / channels * size + s) * channels + plane % channels
        : plane * size + s;
  }

  /// {@return the extents of a weight tensor's window, led by 1 where there are fewer than three}
  ///
  /// @param weights the weights' shape
  static int[] window(Shape weights) {
    int[] dims = Elements.extents(weights);
    return Sliding.lead(Arrays.copyOfRange(dims, 2, dims.length), 1);
  }
}
