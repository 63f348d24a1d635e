package org.hearth.server.http;

import java.util.List;

/// A registered route and what was counted of it.
final class Route {
  private final HttpMethod method;
  private final String template;
  private final List<String> names;
  private final Access access;
  private final RateClass rate;
  private final BodyLimit body;
  private final Handler handler;
  private final RouteCounters counters = new RouteCounters();

  Route(
      HttpMethod method,
      String template,
      List<String> names,
      Access access,
      RateClass rate,
      BodyLimit body,
      Handler handler) {
    this.method = method;
    this.template = template;
    this.names = List.copyOf(names);
    this.access = access;
    this.rate = rate;
    this.body = body;
    this.handler = handler;
  }

  HttpMethod method() {
    return method;
  }

  String template() {
    return template;
  }

  /// The names of the parameters, in their order in the template.
  List<String> names() {
    return names;
  }

  Access access() {
    return access;
  }

  RateClass rate() {
    return rate;
  }

  BodyLimit body() {
    return body;
  }

  Handler handler() {
    return handler;
  }

  RouteCounters counters() {
    return counters;
  }

  @Override
  public String toString() {
    return method + " " + template;
  }
}
