package dev.jiffy.protocol;

import java.util.List;
import tools.jackson.core.JsonGenerator;

/// What a model has done so far: the protocol's extension `statistics`.
///
/// @param name the model's name
/// @param version its version
/// @param lastInferenceMillis when it last answered, in milliseconds since 1970, 0 for never
/// @param rows the rows that were computed
/// @param runs the runs of the model
/// @param success the requests that were answered, from when they came until they were answered
/// @param failure the other requests
/// @param queue how long requests waited
/// @param decode how long reading requests took
/// @param compute how long requests were computed
/// @param encode how long writing answers took
/// @param cacheHit the requests that were answered without computing, and how long that took
/// @param cacheMiss those that were looked up in vain, and how long that and keeping answers took
/// @param batches the runs of each size
/// @param memory what the model holds
public record ModelStatistics(
    String name,
    String version,
    long lastInferenceMillis,
    long rows,
    long runs,
    Spent success,
    Spent failure,
    Spent queue,
    Spent decode,
    Spent compute,
    Spent encode,
    Spent cacheHit,
    Spent cacheMiss,
    List<BatchSpent> batches,
    List<Memory> memory) {
  /// How often, and how long all of that took.
  ///
  /// @param count how often
  /// @param nanos how long, in nanoseconds
  public record Spent(long count, long nanos) {}

  /// The runs of one size.
  ///
  /// @param rows the rows of each
  /// @param compute how often, and how long they took
  public record BatchSpent(long rows, Spent compute) {}

  /// Memory of some kind.
  ///
  /// @param type what it is for, such as `WEIGHTS`
  /// @param bytes how much it is
  public record Memory(String type, long bytes) {}

  private static final Spent NOTHING = new Spent(0, 0);

  /// Copies the lists.
  public ModelStatistics {
    batches = List.copyOf(batches);
    memory = List.copyOf(memory);
  }

  /// {@return the JSON form of the statistics of models}
  ///
  /// @param models the models
  public static byte[] toJson(List<ModelStatistics> models) {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("model_stats");
      models.forEach(model -> model.write(json));
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  private void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("name", name);
    json.writeStringProperty("version", version);
    json.writeNumberProperty("last_inference", lastInferenceMillis);
    json.writeNumberProperty("inference_count", rows);
    json.writeNumberProperty("execution_count", runs);
    json.writeObjectPropertyStart("inference_stats");
    write(json, "success", success);
    write(json, "fail", failure);
    write(json, "queue", queue);
    write(json, "compute_input", decode);
    write(json, "compute_infer", compute);
    write(json, "compute_output", encode);
    write(json, "cache_hit", cacheHit);
    write(json, "cache_miss", cacheMiss);
    json.writeEndObject();
    json.writeArrayPropertyStart("batch_stats");
    for (BatchSpent batch : batches) {
      json.writeStartObject();
      json.writeNumberProperty("batch_size", batch.rows());
      write(json, "compute_input", NOTHING);
      write(json, "compute_infer", batch.compute());
      write(json, "compute_output", NOTHING);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("memory_usage");
    for (Memory each : memory) {
      json.writeStartObject();
      json.writeStringProperty("type", each.type());
      json.writeNumberProperty("id", 0);
      json.writeNumberProperty("byte_size", each.bytes());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, Spent spent) {
    json.writeObjectPropertyStart(field);
    json.writeNumberProperty("count", spent.count());
    json.writeNumberProperty("ns", spent.nanos());
    json.writeEndObject();
  }

  /// {@return the bytes of the gRPC message `ModelStatisticsResponse`}
  ///
  /// @param models the models
  public static byte[] toWire(List<ModelStatistics> models) {
    WireWriter message = new WireWriter(512);
    models.forEach(model -> message.message(1, model.wire()));
    return message.toBytes();
  }

  private WireWriter wire() {
    WireWriter stats = new WireWriter(128);
    stats.message(1, wire(success));
    stats.message(2, wire(failure));
    stats.message(3, wire(queue));
    stats.message(4, wire(decode));
    stats.message(5, wire(compute));
    stats.message(6, wire(encode));
    stats.message(7, wire(cacheHit));
    stats.message(8, wire(cacheMiss));
    WireWriter model = new WireWriter(256);
    model.text(1, name);
    model.text(2, version);
    model.number(3, lastInferenceMillis);
    model.number(4, rows);
    model.number(5, runs);
    model.message(6, stats);
    for (BatchSpent batch : batches) {
      WireWriter each = new WireWriter(64);
      each.number(1, batch.rows());
      each.message(3, wire(batch.compute()));
      model.message(7, each);
    }
    for (Memory each : memory) {
      WireWriter used = new WireWriter(32);
      used.text(1, each.type());
      used.number(3, each.bytes());
      model.message(8, used);
    }
    return model;
  }

  private static WireWriter wire(Spent spent) {
    WireWriter message = new WireWriter(24);
    message.number(1, spent.count());
    message.number(2, spent.nanos());
    return message;
  }
}
