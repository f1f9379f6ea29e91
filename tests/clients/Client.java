// Writes one contact through JDBC: Client.java named|unnamed EMAIL, connected by the PG* variables.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

public class Client {
    record User(String id, String name) {}

    static void save(Connection connection, String email) throws SQLException {
        try (var insert = connection.prepareStatement(
                "insert into contacts (first_name, last_name, email) values (?, ?, ?)")) {
            insert.setString(1, "Ada");
            insert.setString(2, "Lovelace");
            insert.setString(3, email);
            insert.executeUpdate();
        }
    }

    static void saveFor(Connection connection, User user, String contact) throws SQLException {
        connection.setAutoCommit(false);
        // naming the user
        var actor = connection.prepareStatement("select audit.set_actor(?, ?)");
        actor.setString(1, user.id()); actor.setString(2, user.name());
        actor.execute();
        // end
        save(connection, contact);
        connection.commit();
    }

    public static void main(String[] arguments) throws SQLException {
        var env = System.getenv();
        var properties = new Properties();
        properties.setProperty("user", env.get("PGUSER"));
        properties.setProperty("password", env.get("PGPASSWORD"));
        properties.setProperty("ApplicationName", "crm-java");
        var url = "jdbc:postgresql://%s:%s/%s".formatted(env.get("PGHOST"), env.get("PGPORT"), env.get("PGDATABASE"));
        try (var connection = DriverManager.getConnection(url, properties)) {
            if (arguments[0].equals("named")) {
                saveFor(connection, new User("42", "Priya Raman"), arguments[1]);
            } else {
                save(connection, arguments[1]);
            }
        }
    }
}
