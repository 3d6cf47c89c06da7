package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// The small messages of the services `inference.GRPCInferenceService` and `grpc.health.v1.Health`,
/// from and to the bytes of their protocol buffers.
public final class ServiceWire {
  private static final int MAX_NAME = 1024;

  private ServiceWire() {}

  /// What a request names: a model and a version, or a repository and a model.
  ///
  /// @param first the text of field 1, such as a model's name
  /// @param second the text of field 2, such as a version
  public record Names(String first, String second) {}

  /// {@return the texts of fields 1 and 2}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if the message is malformed
  public static Names names(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    String first = "";
    String second = "";
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> first = text(message, tag);
        case 2 -> second = text(message, tag);
        default -> message.skip(tag);
      }
    }
    return new Names(first, second);
  }

  /// {@return a message of fields 1 and 2, such as a `ModelMetadataRequest`}
  ///
  /// @param names the texts
  public static byte[] names(Names names) {
    WireWriter message = new WireWriter(64);
    message.text(1, names.first());
    message.text(2, names.second());
    return message.toBytes();
  }

  /// {@return whether a `RepositoryIndexRequest` asks for ready models only}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if the message is malformed
  public static boolean readyOnly(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    boolean isReady = false;
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      if (WireReader.field(tag) == 2) {
        message.expect(tag, WireReader.VARINT, "ready");
        isReady = message.varint() != 0;
      } else {
        message.skip(tag);
      }
    }
    return isReady;
  }

  private static String text(WireReader message, int tag) {
    message.expect(tag, WireReader.LENGTH, "name");
    return message.text("name", MAX_NAME);
  }

  /// {@return a message whose field 1 is a truth value}
  ///
  /// @param value the truth value
  public static byte[] flag(boolean value) {
    WireWriter message = new WireWriter(4);
    message.flag(1, value);
    return message.toBytes();
  }

  /// Whether a service takes requests, as `grpc.health.v1` numbers it.
  public enum Serving {
    /// It does.
    SERVING(1),
    /// It does not.
    NOT_SERVING(2),
    /// There is no such service.
    SERVICE_UNKNOWN(3);

    private final int number;

    Serving(int number) {
      this.number = number;
    }

    /// {@return whether requests are taken}
    ///
    /// @param isReady whether they are
    public static Serving of(boolean isReady) {
      return isReady ? SERVING : NOT_SERVING;
    }
  }

  /// {@return a `HealthCheckResponse`}
  ///
  /// @param serving whether requests are taken
  public static byte[] health(Serving serving) {
    WireWriter message = new WireWriter(4);
    message.number(1, serving.number);
    return message.toBytes();
  }

  /// {@return a `ServerMetadataResponse`}
  ///
  /// @param server what is said of the server
  public static byte[] metadata(ServerMetadata server) {
    WireWriter message = new WireWriter(128);
    message.text(1, server.name());
    message.text(2, server.version());
    server.extensions().forEach(extension -> message.text(3, extension));
    return message.toBytes();
  }

  /// {@return a `ModelMetadataResponse`}
  ///
  /// @param model what is said of the model
  public static byte[] metadata(ModelMetadata model) {
    WireWriter message = new WireWriter(256);
    message.text(1, model.name());
    model.versions().forEach(version -> message.text(2, version));
    message.text(3, model.platform());
    tensors(message, 4, model.inputs());
    tensors(message, 5, model.outputs());
    return message.toBytes();
  }

  /// {@return what a `ModelMetadataResponse` says}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if the message is malformed, or names an unknown element type
  public static ModelMetadata modelMetadata(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    String name = "";
    String platform = "";
    List<String> versions = new ArrayList<>();
    List<TensorMetadata> inputs = new ArrayList<>();
    List<TensorMetadata> outputs = new ArrayList<>();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> name = text(message, tag);
        case 2 -> versions.add(text(message, tag));
        case 3 -> platform = text(message, tag);
        case 4 -> inputs.add(tensor(message, tag));
        case 5 -> outputs.add(tensor(message, tag));
        default -> message.skip(tag);
      }
    }
    return new ModelMetadata(name, versions, platform, inputs, outputs);
  }

  private static TensorMetadata tensor(WireReader message, int tag) {
    message.expect(tag, WireReader.LENGTH, "tensor");
    WireReader tensor = message.message();
    String name = "";
    String datatype = "";
    List<Long> shape = new ArrayList<>();
    for (int part = tensor.tag(); part != 0; part = tensor.tag()) {
      switch (WireReader.field(part)) {
        case 1 -> name = text(tensor, part);
        case 2 -> datatype = text(tensor, part);
        case 3 -> shape(tensor, part, shape);
        default -> tensor.skip(part);
      }
    }
    DType dtype = Datatypes.dtype(datatype);
    if (dtype == null) {
      throw ProtocolException.badRequest(
          "tensor '%s': no element type '%s'",
          ProtocolException.shortened(name), ProtocolException.shortened(datatype));
    }
    return new TensorMetadata(name, dtype, shape);
  }

  /// Extents come packed, or each by itself.
  private static void shape(WireReader tensor, int tag, List<Long> shape) {
    if (WireReader.type(tag) == WireReader.LENGTH) {
      WireReader dims = tensor.message();
      while (!dims.atEnd()) {
        shape.add(dims.varint());
      }
    } else {
      tensor.expect(tag, WireReader.VARINT, "shape");
      shape.add(tensor.varint());
    }
  }

  private static void tensors(WireWriter message, int field, List<TensorMetadata> tensors) {
    for (TensorMetadata tensor : tensors) {
      WireWriter each = new WireWriter(64);
      each.text(1, tensor.name());
      each.text(2, Datatypes.name(tensor.dtype()));
      if (!tensor.shape().isEmpty()) {
        WireWriter dims = new WireWriter(32);
        tensor.shape().forEach(dims::element);
        each.message(3, dims);
      }
      message.message(field, each);
    }
  }
}
