package org.hearth.server.readers.sync.v2;

import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;

/// `POST /user/{userId}/filter` and `GET /user/{userId}/filter/{filterId}`.
///
/// **Source:** [filtering][filter].
///
/// [filter]: https://spec.matrix.org/v1.19/client-server-api/#filtering
public final class FilterRoutes implements RouteGroup {
  private final StoredFilters filters;

  public FilterRoutes(StoredFilters filters) {
    this.filters = filters;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/user/{userId}/filter"),
        Access.USER,
        RateClass.DEFAULT,
        this::define);
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/user/{userId}/filter/{filterId}"),
        Access.USER,
        RateClass.DEFAULT,
        this::get);
  }

  private Response define(Request request) {
    return Response.field("filter_id", filters.add(self(request), request.json()));
  }

  private Response get(Request request) {
    return filters
        .definition(self(request), request.path("filterId"))
        .map(Response::json)
        .orElseThrow(() -> MatrixException.notFound("No filter is stored under that id"));
  }

  private static UserId self(Request request) {
    UserId user = request.requester().user();
    if (!user.value().equals(request.path("userId"))) {
      throw MatrixException.forbidden("Filters of other users are not yours to see or store");
    }
    return user;
  }
}
