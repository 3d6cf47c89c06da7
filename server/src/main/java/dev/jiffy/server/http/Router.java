package dev.jiffy.server.http;

import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.call.Body;
import dev.jiffy.server.call.BodyMemory;
import dev.jiffy.server.grpc.GrpcEdge;
import dev.jiffy.server.guard.Rights;
import dev.jiffy.server.metrics.Exposition;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.shared.Regions;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.store.Store;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// From the head of a request to what answers it. Belongs to an event loop.
final class Router {
  private final Vertx vertx;
  private final Traffic traffic;
  private final @Nullable Exposition metrics;
  private final Models models;
  private final BooleanSupplier ready;
  private final Connections connections;
  private final GrpcEdge grpc;
  private final Sender sender;
  private final Bodies bodies;
  private final Descriptions descriptions;
  private final ModelRequests requests;
  private final RepositoryRequests changes;
  private final SettingRequests settings;
  private final SharedRequests shared;
  private final Access access;

  Router(
      Vertx vertx,
      HttpOptions options,
      Connections connections,
      Models models,
      ServerMetadata server,
      InferReader reader,
      BooleanSupplier ready,
      Watch watch,
      @Nullable Exposition metrics,
      Store store,
      @Nullable Regions regions,
      BodyMemory memory,
      Access access) {
    this.vertx = vertx;
    this.traffic = watch.traffic();
    this.metrics = metrics;
    this.models = models;
    this.ready = ready;
    this.connections = connections;
    Rights rights = new Rights(access.mayChange());
    this.grpc =
        new GrpcEdge(
            vertx,
            models,
            server,
            new InferWire(reader.limits(), reader.memory()),
            ready,
            options.maxBodyBytes(),
            memory,
            watch,
            store,
            regions,
            rights,
            connections::isDraining);
    this.sender = new Sender(vertx, connections, watch);
    this.bodies = new Bodies(options.maxBodyBytes(), memory, connections, sender);
    this.settings = new SettingRequests(watch, rights);
    this.shared = new SharedRequests(regions);
    this.descriptions = new Descriptions(models, server, ready, settings, shared);
    this.requests = new ModelRequests(vertx, models, reader, sender);
    this.changes = new RepositoryRequests(vertx, store, models, rights, sender);
    this.access = access;
  }

  /// Answers a request, now or later.
  void handle(HttpServerRequest request) {
    connections.reading(request);
    boolean isAllowed = access.allows(request);
    if (GrpcEdge.isCall(request)) {
      traffic.started(Protocol.GRPC);
      grpc.handle(
          request,
          isAllowed,
          () -> connections.answering(request),
          () -> connections.sending(request),
          () -> connections.idle(request));
      return;
    }
    traffic.started(Protocol.HTTP);
    sender.arrived(request);
    if (!isAllowed) {
      request.response().putHeader("WWW-Authenticate", "Bearer");
      sender.refuse(request, new ProtocolException(401, "the request must say who it comes from"));
      return;
    }
    try {
      access.checkPage(request);
      GrpcEdge.checkIsNone(request);
      Route route = Paths.route(Sender.path(request), models);
      if (!route.asked().by(request.method())) {
        String allowed = route.asked().methods();
        request.response().putHeader(HttpHeaders.ALLOW, allowed);
        throw new ProtocolException(405, "this path takes " + allowed + " only");
      }
      if (request.method().equals(HttpMethod.POST)) {
        bodies.collect(request, route, body -> arrived(request, route, body));
      } else if (route instanceof Route.Metrics) {
        metrics(request);
      } else if (route instanceof Route.Description(OpenApi.Form form)) {
        later(request, () -> OpenApi.reply(form));
      } else {
        sender.send(request, descriptions.answer(route));
      }
    } catch (ProtocolException e) {
      sender.refuse(request, e);
    }
  }

  /// Answers a scraper, from a worker thread, so that nobody waits for it.
  private void metrics(HttpServerRequest request) {
    Exposition exposition = metrics;
    if (exposition == null) {
      throw new ProtocolException(404, "there is no such path");
    }
    String type = Exposition.type(request.getHeader(HttpHeaders.ACCEPT));
    later(request, () -> Reply.text(type, exposition.text(type)));
  }

  /// Answers with what takes too long for an event loop to make.
  private void later(HttpServerRequest request, Callable<Reply> maker) {
    request.endHandler(end -> connections.answering(request));
    vertx
        .executeBlocking(maker, false)
        .otherwise(e -> Failures.reply(Sender.path(request), e))
        .onSuccess(reply -> sender.send(request, reply));
  }

  private void arrived(HttpServerRequest request, Route route, Body body) {
    switch (route) {
      case Route.Infer(Served served) -> {
        checkReady();
        if (served.hold()) {
          requests.infer(request, served, body);
        } else { // it was replaced while the body came
          arrived(request, Paths.route(Sender.path(request), models), body);
        }
      }
      case Route.Embeddings _ -> {
        checkReady();
        requests.embed(request, body);
      }
      case Route.Index _ -> changes.index(request, body.bytes());
      case Route.LoadModel(String name) -> {
        checkReady();
        changes.load(request, name, body.bytes());
      }
      case Route.UnloadModel(String name) -> {
        checkReady();
        changes.unload(request, name, body.bytes());
      }
      case Route.Share(Route.Kind kind, String region) ->
          sender.send(request, shared.register(kind, region, body.bytes()));
      case Route.Unshare(Route.Kind kind, String region) ->
          sender.send(request, shared.unregister(kind, region));
      case Route.Log _ -> sender.send(request, settings.log(body.bytes()));
      case Route.Trace(String model) -> sender.send(request, settings.trace(model, body.bytes()));
      case Route.Live _,
          Route.Ready _,
          Route.Describe _,
          Route.DescribeModel _,
          Route.ModelReady _,
          Route.Config _,
          Route.Statistics _,
          Route.SharedStatus _,
          Route.Description _,
          Route.Metrics _,
          Route.ListModels _ ->
          throw new IllegalStateException("takes no body: " + route);
    }
  }

  private void checkReady() {
    if (!ready.getAsBoolean()) {
      throw new ProtocolException(503, "the server is not ready");
    }
  }
}
