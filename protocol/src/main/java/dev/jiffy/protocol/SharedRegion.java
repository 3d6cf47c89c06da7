package dev.jiffy.protocol;

import java.util.List;
import tools.jackson.core.JsonParser;

/// A region of shared memory: the protocol's extension `system_shared_memory`.
///
/// @param name the name by which requests name it
/// @param key the memory object that it is a part of
/// @param offset its first byte in the memory object
/// @param bytes how many bytes it has
public record SharedRegion(String name, String key, long offset, long bytes) {
  private static final int MAX_NAME = 1024;

  /// {@return the region that a body wants to have registered}
  ///
  /// @param name the name that the path says
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static SharedRegion fromJson(String name, byte[] body) {
    return Json.read(body, body.length, Limits.defaults(), json -> read(name, json));
  }

  private static SharedRegion read(String name, JsonParser json) {
    String key = null;
    long offset = 0;
    long bytes = 0;
    Json.startObject(json, "the request");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "key" -> key = Json.text(json, field, MAX_NAME);
        case "offset" -> offset = Json.whole(json, field);
        case "byte_size" -> bytes = Json.whole(json, field);
        default -> json.skipChildren();
      }
    }
    return new SharedRegion(name, Json.required(key, "key", "the request"), offset, bytes);
  }

  /// {@return the region that a message `SystemSharedMemoryRegisterRequest` wants to have
  /// registered}
  ///
  /// @param wire the message
  /// @throws ProtocolException if it is malformed
  public static SharedRegion fromWire(byte[] wire) {
    WireReader message = new WireReader(wire);
    String name = "";
    String key = "";
    long offset = 0;
    long bytes = 0;
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> name = text(message, tag, "name");
        case 2 -> key = text(message, tag, "key");
        case 3 -> offset = number(message, tag, "offset");
        case 4 -> bytes = number(message, tag, "byte_size");
        default -> message.skip(tag);
      }
    }
    return new SharedRegion(name, key, offset, bytes);
  }

  private static String text(WireReader message, int tag, String name) {
    message.expect(tag, WireReader.LENGTH, name);
    return message.text(name, MAX_NAME);
  }

  private static long number(WireReader message, int tag, String name) {
    message.expect(tag, WireReader.VARINT, name);
    return message.varint(); // beyond 2^63 it is negative, which no region is
  }

  /// {@return the JSON form of a status}
  ///
  /// @param regions the regions
  public static byte[] toJson(List<SharedRegion> regions) {
    return Json.bytes(json -> {
      json.writeStartArray();
      for (SharedRegion region : regions) {
        json.writeStartObject();
        json.writeStringProperty("name", region.name);
        json.writeStringProperty("key", region.key);
        json.writeNumberProperty("offset", region.offset);
        json.writeNumberProperty("byte_size", region.bytes);
        json.writeEndObject();
      }
      json.writeEndArray();
    });
  }

  /// {@return the bytes of the gRPC message `SystemSharedMemoryStatusResponse`}
  ///
  /// @param regions the regions
  public static byte[] toWire(List<SharedRegion> regions) {
    WireWriter message = new WireWriter(256);
    for (SharedRegion region : regions) {
      WireWriter entry = new WireWriter(128);
      entry.text(1, region.name);
      entry.message(2, region.wire());
      message.message(1, entry);
    }
    return message.toBytes();
  }

  private WireWriter wire() {
    WireWriter message = new WireWriter(128);
    message.text(1, name);
    message.text(2, key);
    message.number(3, offset);
    message.number(4, bytes);
    return message;
  }

  /// {@return the bytes of the gRPC message `SystemSharedMemoryRegisterRequest`}
  public byte[] toWire() {
    return wire().toBytes();
  }
}
