package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Collects the tensors of one gRPC message, whose names and shapes stand apart from their bytes,
/// and reads the elements when all of the message is known.
final class WireTensors {
  private final String kind;
  private final Limits limits;
  private final SharedMemory memory;
  private final Arena arena;
  private final List<Head> heads = new ArrayList<>();
  private final List<WireReader> raw = new ArrayList<>();

  /// What is said of a tensor, and its elements if they are not raw.
  private static final class Head {
    private String name = "";
    private String datatype = "";
    private long[] dims = new long[4];
    private int rank;
    private Map<String, Parameter> parameters = Map.of();
    private final List<WireReader> contents = new ArrayList<>();
    private @Nullable SharedRange range;
  }

  /// @param kind what the tensors are to the model, "input" or "output"
  WireTensors(String kind, Limits limits, SharedMemory memory, Arena arena) {
    this.kind = kind;
    this.limits = limits;
    this.memory = memory;
    this.arena = arena;
  }

  /// Takes the head of a tensor.
  void head(WireReader message) {
    if (heads.size() == limits.maxTensors()) {
      throw ProtocolException.badRequest("more than %d %ss", limits.maxTensors(), kind);
    }
    Head head = new Head();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> head.name = text(message, tag, "name");
        case 2 -> head.datatype = text(message, tag, "datatype");
        case 3 -> dims(message, tag, head);
        case 4 -> {
          message.expect(tag, WireReader.LENGTH, "parameters");
          head.parameters = WireParameters.add(head.parameters, message.message(), limits);
        }
        case 5 -> {
          message.expect(tag, WireReader.LENGTH, "contents");
          contents(message.message(), head);
        }
        default -> message.skip(tag);
      }
    }
    heads.add(head);
  }

  /// Takes the elements of the next tensor without contents.
  void raw(WireReader bytes) {
    if (raw.size() == limits.maxTensors()) {
      throw ProtocolException.badRequest("more than %d raw %ss", limits.maxTensors(), kind);
    }
    raw.add(bytes);
  }

  private String text(WireReader message, int tag, String name) {
    message.expect(tag, WireReader.LENGTH, name);
    return message.text(name, limits.maxNameLength());
  }

  private void contents(WireReader part, Head head) {
    if (part.atEnd()) {
      return;
    }
    if (head.contents.size() == limits.maxTensors()) {
      throw ProtocolException.badRequest(
          "%s has more than %d 'contents'", label(head), limits.maxTensors());
    }
    head.contents.add(part);
  }

  private void dims(WireReader message, int tag, Head head) {
    if (WireReader.type(tag) == WireReader.VARINT) {
      addDim(head, message.varint());
      return;
    }
    message.expect(tag, WireReader.LENGTH, "shape");
    WireReader packed = message.message();
    while (!packed.atEnd()) {
      addDim(head, packed.varint());
    }
  }

  private void addDim(Head head, long dim) {
    if (head.rank == limits.maxRank()) {
      throw ProtocolException.badRequest(
          "%s has more than %d dimensions", label(head), limits.maxRank());
    }
    if (dim < 0 || dim > Integer.MAX_VALUE) {
      throw ProtocolException.badRequest(
          "%s: every dimension must be 0 to %d, got %d", label(head), Integer.MAX_VALUE, dim);
    }
    if (head.rank == head.dims.length) {
      head.dims = Arrays.copyOf(head.dims, 2 * head.rank);
    }
    head.dims[head.rank++] = dim;
  }

  private String label(Head head) {
    return kind + " '" + ProtocolException.shortened(head.name) + "'";
  }

  /// {@return the tensors}
  List<InferTensor> read() {
    int travelling = 0;
    for (Head head : heads) {
      head.range = SharedRange.of(head.parameters, label(head));
      travelling += head.range == null ? 1 : 0;
    }
    boolean isEach = raw.size() == heads.size(); // also one, which is empty, for shared ones
    if (!raw.isEmpty() && raw.size() != travelling && !isEach) {
      throw ProtocolException.badRequest(
          "%d raw %ss for %d %ss", raw.size(), kind, travelling, kind);
    }
    int nextRaw = 0;
    Set<String> names = new HashSet<>();
    List<InferTensor> tensors = new ArrayList<>(heads.size());
    long allocated = 0;
    for (int i = 0; i < heads.size(); i++) {
      Head head = heads.get(i);
      if (head.name.isEmpty()) {
        throw ProtocolException.badRequest("%s %d lacks 'name'", kind, i);
      }
      if (!names.add(head.name)) {
        throw ProtocolException.badRequest("%s is there twice", label(head));
      }
      DType dtype = Datatypes.dtype(head.datatype);
      if (dtype == null) {
        throw ProtocolException.badRequest(
            "%s has the unknown datatype '%s'",
            label(head), ProtocolException.shortened(head.datatype));
      }
      Shape shape = shape(head);
      SharedRange range = head.range;
      WireReader bytes = raw.isEmpty() || range != null ? null : raw.get(nextRaw);
      nextRaw += range == null || isEach ? 1 : 0;
      allocated +=
          range == null
              ? checkedSize(head, dtype, shape, bytes)
              : checkedSize(head, dtype, shape, range);
      if (allocated > limits.maxTensorBytes()) {
        throw new ProtocolException(
            413, "the %ss take more than %d bytes".formatted(kind, limits.maxTensorBytes()));
      }
      Tensor tensor = Tensor.allocate(dtype, shape, arena);
      if (range != null) {
        range.read(memory, tensor, label(head));
      } else if (bytes != null) {
        BinaryElements.read(
            bytes.bytes(), bytes.position(), bytes.remaining(), tensor, label(head));
      } else {
        new WireContents(tensor, label(head)).read(head.contents);
      }
      tensors.add(new InferTensor(head.name, tensor, bytes != null, head.parameters));
    }
    return tensors;
  }

  private Shape shape(Head head) {
    try {
      return Shape.of(Arrays.copyOf(head.dims, head.rank));
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(400, label(head) + ": " + e.getMessage(), e);
    }
  }

  /// {@return the bytes that a tensor takes in memory, once its elements can be in the message}
  private long checkedSize(Head head, DType dtype, Shape shape, @Nullable WireReader bytes) {
    long elements = shape.elements();
    long there = 0;
    if (bytes != null) {
      if (!head.contents.isEmpty()) {
        throw ProtocolException.badRequest("%s has both 'contents' and raw bytes", label(head));
      }
      there = bytes.remaining();
      if (dtype != DType.STRING && (elements > there || shape.bytes(dtype) != there)) {
        throw ProtocolException.badRequest(
            "%s: shape %s has %d elements of %d bytes each, but %d raw bytes came",
            label(head), shape, elements, dtype.bytes(), there);
      }
    } else {
      if (elements > 0 && head.contents.isEmpty()) {
        throw ProtocolException.badRequest("%s lacks 'contents' or raw bytes", label(head));
      }
      if (!Datatypes.inJson(dtype)) {
        throw ProtocolException.badRequest(
            "%s: %s travels as raw bytes only", label(head), Datatypes.name(dtype));
      }
      for (WireReader part : head.contents) {
        there += part.remaining();
      }
    }
    if (elements > (dtype == DType.STRING && bytes != null ? there / 4 : there)) {
      throw ProtocolException.badRequest(
          "%s has shape %s of %d elements, more than the message has room for",
          label(head), shape, elements);
    }
    return elements * Math.max(dtype.bytes(), dtype == DType.STRING ? 8 : 1);
  }

  /// {@return the bytes that a tensor takes in memory, once its elements can be in shared memory}
  private long checkedSize(Head head, DType dtype, Shape shape, SharedRange range) {
    if (!head.contents.isEmpty()) {
      throw ProtocolException.badRequest(
          "%s has both 'contents' and '%s'", label(head), SharedRange.REGION);
    }
    memory.locate(range);
    SharedRange.check(label(head), dtype, shape, range, limits);
    if (dtype == DType.STRING && shape.elements() > range.bytes() / 4) {
      throw ProtocolException.badRequest(
          "%s has shape %s of %d elements, more than there is room for",
          label(head), shape, shape.elements());
    }
    return range.textBytes(dtype)
        + shape.elements() * Math.max(dtype.bytes(), dtype == DType.STRING ? 8 : 1);
  }

  // ---- writing

  /// Writes the heads of tensors, and behind all of them their raw bytes.
  ///
  /// @param isMarked whether those in shared memory have raw bytes as well, none of them: so are
  ///   outputs counted, but not inputs
  static void write(
      WireWriter message,
      int headField,
      int rawField,
      List<InferTensor> tensors,
      boolean isMarked) {
    for (InferTensor tensor : tensors) {
      WireWriter head = new WireWriter(64);
      head.text(1, tensor.name());
      head.text(2, Datatypes.name(tensor.tensor().dtype()));
      Shape shape = tensor.tensor().shape();
      if (shape.rank() > 0) {
        WireWriter dims = new WireWriter(16);
        for (int axis = 0; axis < shape.rank(); axis++) {
          dims.element(shape.dim(axis));
        }
        head.message(3, dims);
      }
      WireParameters.write(head, 4, tensor.parameters());
      message.message(headField, head);
    }
    for (InferTensor tensor : tensors) {
      if (!tensor.isShared()) {
        int at = message.reserve(rawField, BinaryElements.size(tensor.tensor()));
        BinaryElements.write(tensor.tensor(), message.array(), at);
      } else if (isMarked) {
        message.reserve(rawField, 0);
      }
    }
  }

  /// {@return about the bytes that tensors take}
  static int sizeOf(List<InferTensor> tensors) {
    long bytes = 64;
    for (InferTensor tensor : tensors) {
      bytes += 96 + tensor.name().length();
      bytes += tensor.isShared() ? 0 : tensor.tensor().segment().byteSize();
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE - 16);
  }
}
