import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;

/* Flyway's library as a command: migrate or info, directory, database. */
public class FlywayCommand {
    public static void main(String[] args) {
        String socket = System.getenv("PGHOST") + "/.s.PGSQL." + System.getenv("PGPORT");
        String url = "jdbc:postgresql://localhost/" + args[2] + "?sslmode=disable"
            + "&socketFactory=org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg"
            + "&socketFactoryArg=" + socket;
        Flyway flyway = Flyway.configure()
            .dataSource(url, System.getenv("PGUSER"), "")
            .locations("filesystem:" + args[1])
            .load();
        if (args[0].equals("migrate"))
            flyway.migrate();
        else
            for (MigrationInfo info : flyway.info().all())
                System.out.println(info.getVersion() + " " + info.getDescription() + " " + info.getState());
    }
}
