allow = Permitir
view-only = Solo ver
decline = Rechazar
close = Cerrar
cancel = Cancelar
copied = Copiado
full-control = Control total
language = Idioma
theme = Aspecto
theme-system = Sistema
theme-light = Claro
theme-dark = Oscuro
settings = Ajustes
server = Servidor
server-hint = host:puerto#huella
duration = { $minutes ->
    [0] { $seconds } s
   *[other] { $minutes } min { $seconds } s
}

error-unknown-host = No se encuentra el servidor { $who }. Compruebe el nombre y su red.
error-no-answer = { $who } no responde. Compruebe la dirección y su red.
error-wrong-key = { $who } tiene una clave distinta de la esperada. No se conecte; pregunte a su administrador.
error-refused-link = { $who } rechazó la conexión. Puede que use otra versión.
error-lost = Se perdió la conexión con el servidor. Inténtelo de nuevo.
error-version = El servidor usa otra versión. Instale la misma versión en ambos lados.
error-credentials = El nombre o la contraseña no son correctos.
error-signed-out = Su sesión ha terminado. Inicie sesión de nuevo.
error-unknown-code = Ningún caso tiene este código. Compruébelo con su técnico.
error-closed = Este caso está cerrado. Se necesita uno nuevo.
error-expired = Este código ha caducado. Se necesita uno nuevo.
error-claimed = Este código se usa en otro equipo. Pida uno nuevo.
error-customer-absent = El cliente no está en línea. Espere a que abra su aplicación.
error-busy = El cliente ya está en una sesión o se le está preguntando.
error-not-allowed = Esto no está permitido.
error-unknown-supporter = Ningún técnico tiene este nombre.
error-not-yours = Otro técnico es responsable de este caso.
error-all-invited = Ya hay dos técnicos de soporte invitados. No puede haber más.
error-bad-text = Un nombre debe tener de 1 a 80 caracteres.
error-storage = El servidor no pudo guardarlo. Inténtelo de nuevo.
error-server-name = La dirección debe ser HOST:PUERTO#HUELLA, tal como la muestra el servidor.
error-code = Esto no es un código de sesión. Un código es como s12-345-678.
error-link = Este enlace no está completo. Copie de nuevo el enlace entero.
