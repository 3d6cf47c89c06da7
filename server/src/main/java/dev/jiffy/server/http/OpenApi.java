package dev.jiffy.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The description of the HTTP interface, in OpenAPI's form.
final class OpenApi {
  private OpenApi() {}

  /// {@return the document, YAML}
  static byte[] document() {
    try (InputStream in = OpenApi.class.getResourceAsStream("openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is not there");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
