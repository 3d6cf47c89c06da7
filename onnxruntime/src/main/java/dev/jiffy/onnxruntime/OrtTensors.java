package dev.jiffy.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.foreign.ForeignValue;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tensors between Jiffy and ONNX Runtime.
final class OrtTensors {
  private OrtTensors() {}

  /// {@return a tensor as ONNX Runtime reads or writes it in place; strings are copied}
  ///
  /// @param name what it is for, for errors
  /// @param tensor the tensor
  /// @throws ModelException if the Java API of ONNX Runtime has no such tensors
  static OnnxTensor wrap(String name, Tensor tensor) throws OrtException {
    long[] dims = tensor.shape().dims();
    if (tensor.dtype() == DType.STRING) {
      return OnnxTensor.createTensor(
          OrtSessions.environment(), tensor.strings().toArray(String[]::new), dims);
    }
    OnnxJavaType type = javaType(tensor.dtype());
    if (type == null) {
      throw new ModelException(
          "ONNX Runtime's Java API has no tensors of %s, which '%s' is"
              .formatted(tensor.dtype(), name));
    }
    if (tensor.segment().byteSize() > Integer.MAX_VALUE) {
      throw new ModelException(
          "ONNX Runtime's Java API has no tensors of more than 2 GiB, which '%s' has"
              .formatted(name));
    }
    ByteBuffer memory = tensor.segment().asByteBuffer().order(ByteOrder.nativeOrder());
    return OnnxTensor.createTensor(OrtSessions.environment(), memory, dims, type);
  }

  /// {@return whether ONNX Runtime can write elements of a type in place}
  static boolean isWrittenInPlace(DType dtype) {
    return javaType(dtype) != null;
  }

  private static @Nullable OnnxJavaType javaType(DType dtype) {
    return switch (dtype) {
      case F32 -> OnnxJavaType.FLOAT;
      case F64 -> OnnxJavaType.DOUBLE;
      case F16 -> OnnxJavaType.FLOAT16;
      case BF16 -> OnnxJavaType.BFLOAT16;
      case I8 -> OnnxJavaType.INT8;
      case I16 -> OnnxJavaType.INT16;
      case I32 -> OnnxJavaType.INT32;
      case I64 -> OnnxJavaType.INT64;
      case U8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      case I4, U4, U16, U32, U64, STRING -> null;
    };
  }

  /// {@return a copy of a value}
  ///
  /// @param name what it is for, for errors
  /// @param value the value
  /// @throws ModelException if it is no tensor that Jiffy has
  static Tensor copy(String name, OnnxValue value) throws OrtException {
    if (!(value instanceof OnnxTensor tensor)) {
      throw new ModelException("output '%s' is no tensor but %s".formatted(name, value.getType()));
    }
    TensorInfo info = tensor.getInfo();
    DType dtype = dtype(info);
    if (dtype == null) {
      throw new ModelException(
          "ONNX Runtime's Java API cannot pass output '%s' of type %s"
              .formatted(name, info.onnxType));
    }
    if (dtype == DType.STRING) {
      List<String> strings = new ArrayList<>();
      collect(tensor.getValue(), strings);
      return Tensor.ofStrings(strings, info.getShape());
    }
    Tensor copy = Tensor.allocate(dtype, Shape.of(info.getShape()));
    copy.segment().copyFrom(MemorySegment.ofBuffer(tensor.getByteBuffer()));
    return copy;
  }

  private static void collect(Object nested, List<String> strings) {
    if (nested instanceof Object[] array) {
      for (Object element : array) {
        collect(element, strings);
      }
    } else {
      strings.add(String.valueOf(nested));
    }
  }

  /// {@return whether a model declares that an output may have a shape: ONNX Runtime makes such as
  /// are of another, but does not write them where it is told to}
  ///
  /// @param shape the shape
  /// @param output what ONNX Runtime says of the output
  static boolean isDeclared(Shape shape, NodeInfo output) {
    TensorSpec spec = value(output).spec();
    List<Dim> dims = spec == null ? null : spec.shape();
    if (dims == null) {
      return true;
    }
    boolean isDeclared = dims.size() == shape.rank();
    for (int i = 0; isDeclared && i < dims.size(); i++) {
      isDeclared = dims.get(i) instanceof Dim.Symbol || dims.get(i).is(shape.dim(i));
    }
    return isDeclared;
  }

  /// {@return what a session takes or gives under one name}
  ///
  /// @param node what ONNX Runtime says of it
  static ForeignValue value(NodeInfo node) {
    String name = node.getName();
    if (!(node.getInfo() instanceof TensorInfo info)) {
      return new ForeignValue(name, String.valueOf(node.getInfo()), null);
    }
    String type = info.onnxType.name().substring(info.onnxType.name().lastIndexOf("TYPE_") + 5);
    DType dtype = dtype(info);
    return new ForeignValue(
        name, type, dtype == null ? null : new TensorSpec(name, dtype, dims(name, info)));
  }

  /// The dimensions; those without a name get one. A shape without dimensions may be a scalar's or
  /// one of which ONNX Runtime does not know the rank: it tells both in the same way.
  private static @Nullable List<Dim> dims(String name, TensorInfo info) {
    long[] extents = info.getShape();
    String[] names = info.getDimensionNames();
    if (extents.length == 0) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < extents.length; i++) {
      String symbol = i < names.length && !names[i].isEmpty() ? names[i] : name + "_" + i;
      dims.add(extents[i] >= 0 ? Dim.of(extents[i]) : Dim.of(symbol));
    }
    return dims;
  }

  /// The element type; the Java API's own types count unsigned integers as signed ones.
  private static @Nullable DType dtype(TensorInfo info) {
    return switch (info.onnxType) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> DType.U16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> DType.U32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> DType.U64;
      default -> dtype(info.type);
    };
  }

  private static @Nullable DType dtype(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> DType.F32;
      case DOUBLE -> DType.F64;
      case FLOAT16 -> DType.F16;
      case BFLOAT16 -> DType.BF16;
      case INT8 -> DType.I8;
      case INT16 -> DType.I16;
      case INT32 -> DType.I32;
      case INT64 -> DType.I64;
      case UINT8 -> DType.U8;
      case BOOL -> DType.BOOL;
      case STRING -> DType.STRING;
      case UNKNOWN -> null;
    };
  }
}
