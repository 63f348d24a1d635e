package org.hearth.server.servers.room.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.servers.room.RoomQueries;

/// The queries of a Room Server, with a count of how often each is asked.
public final class CountedQueries {
  private final Map<String, Integer> counts = new ConcurrentHashMap<>();
  private final RoomQueries counted;

  public CountedQueries(RoomQueries queries) {
    counted =
        (RoomQueries)
            Proxy.newProxyInstance(
                RoomQueries.class.getClassLoader(),
                new Class<?>[] {RoomQueries.class},
                (_, method, arguments) -> call(queries, method, arguments));
  }

  private Object call(RoomQueries queries, Method method, Object[] arguments) throws Throwable {
    counts.merge(method.getName(), 1, Integer::sum);
    try {
      return method.invoke(queries, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /// The queries that are counted.
  public RoomQueries queries() {
    return counted;
  }

  /// How often the query of that name was asked.
  public int of(String name) {
    return counts.getOrDefault(name, 0);
  }
}
